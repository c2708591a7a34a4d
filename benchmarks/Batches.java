import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** Classifies the texts of its input, one a line, in batches, again and again; prints the seconds of each time. */
class Batches {
    public static void main(String[] arguments) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var texts = input.lines().toArray(String[]::new);
        var size = Integer.parseInt(arguments[1]);
        try (var model = SavedModelBundle.load(arguments[0], "serve")) {
            for (int time = 0; time < Integer.parseInt(arguments[2]); time++) {
                var begun = System.nanoTime();
                for (int start = 0; start < texts.length; start += size) {
                    var some = Arrays.copyOfRange(texts, start, Math.min(start + size, texts.length));
                    try (var batch = TString.tensorOf(NdArrays.vectorOfObjects(some));
                            Result answer = model.function("serving_default").call(Map.of("text", batch))) {
                        var labels = (TString) answer.get("label").orElseThrow();
                        var scores = (TFloat32) answer.get("score").orElseThrow();
                        for (long text = 0; text < some.length; text++) {
                            if (labels.getObject(text).isEmpty() || scores.getFloat(text) <= 0) {
                                throw new IllegalStateException("no answer");
                            }
                        }
                    }
                }
                System.out.println((System.nanoTime() - begun) / 1e9);
            }
        }
    }
}
